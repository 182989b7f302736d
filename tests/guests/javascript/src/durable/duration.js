// Spans of time in the words of the contract.

/** QuickJS passes whole numbers up to here; it clips what is larger. */
const LONGEST_SECONDS = 2 ** 31 - 1;

/** The span of these milliseconds, at least zero. Throws `RangeError` for what is no number or exceeds 68 years. */
export function duration(milliseconds) {
  const seconds = Math.floor(Math.max(0, milliseconds) / 1000);
  if (!(seconds <= LONGEST_SECONDS)) {
    throw new RangeError(`wait for ${milliseconds} ms: the longest wait is ${LONGEST_SECONDS} s`);
  }
  const nanos = Math.round((Math.max(0, milliseconds) - seconds * 1000) * 1e6);
  return nanos < 1e9 ? { seconds, nanos } : { seconds: seconds + 1, nanos: 0 };
}
