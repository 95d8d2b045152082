// What the browser keeps for the page. Storage may be forbidden: then choices last as long as the page.

/** storage: "localStorage" or "sessionStorage". */
export function remember(storage, key, value) {
  try {
    window[storage].setItem(key, value);
  } catch {
    // Forbidden or full.
  }
}

/** What was kept, or null. */
export function recall(storage, key) {
  try {
    return window[storage].getItem(key);
  } catch {
    return null;
  }
}
