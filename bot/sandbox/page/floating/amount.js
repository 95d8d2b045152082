// How many of a thing a component of a modal takes. Values only.

export const BOX = 23;

/** Whether something must be filled in. */
export function required(component) {
  return component.type !== BOX && component.required !== false && (component.min_values ?? 1) > 0;
}

/** A sentence on a count that is wrong, else null. words: {verb, one, many} */
export function wrongAmount(count, component, { verb, one, many }) {
  const least = component.min_values ?? 1;
  const most = component.max_values ?? Number.POSITIVE_INFINITY;
  if (count === 0 && component.required === false) return null;
  if (count < least) return least > 1 ? `${verb} at least ${least} ${many}.` : `${verb} a ${one}.`;
  return count > most ? `At most ${most} ${most === 1 ? one : many}.` : null;
}
