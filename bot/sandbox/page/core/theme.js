// Runs before the first paint: applies the remembered theme, else leaves the system's choice.
(() => {
  try {
    const theme = localStorage.getItem("easel.theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch {
    // Storage may be forbidden; the system's choice stands.
  }
})();
