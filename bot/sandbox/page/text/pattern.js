// Text as a part of a regular expression.

/** The pattern that matches exactly this text. */
export function literal(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
