/** So many stars stand for what is hidden: no more, so that they do not tell how long it is. */
const STARS = '****';

/**
 * Shows the first and the last characters of a number and stars between them: 138****5678. A text of which less
 * than four characters would be hidden is hidden whole.
 */
export function maskEnds(
  text: string,
  { first, last }: { readonly first: number; readonly last: number },
): string {
  const characters = Array.from(text);
  if (characters.length < first + last + STARS.length) return STARS;
  return `${characters.slice(0, first).join('')}${STARS}${characters.slice(characters.length - last).join('')}`;
}

/** Shows the last character of a person's name alone: *三, **丰. Longer names show four stars at most. */
export function maskName(name: string): string {
  const characters = Array.from(name);
  if (characters.length <= 1) return '*';
  return '*'.repeat(Math.min(characters.length - 1, STARS.length)) + characters.at(-1);
}
