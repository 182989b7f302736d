// `Math.random` from the run's own sequence. The engine's generator was seeded when the component was built, so that
// every run would draw the same numbers.
import * as random from 'wasi:random/random@0.2.0';

/** The fraction bits of a double, as whole bytes and the bits of one more. */
const WHOLE_BYTES = 6;
const REST_BITS = 5;

Math.random = () => {
  const bytes = random.getRandomBytes(WHOLE_BYTES + 1);
  const whole = bytes.slice(0, WHOLE_BYTES).reduce((number, byte) => number * 256 + byte, 0);
  return (whole * 2 ** REST_BITS + (bytes[WHOLE_BYTES] >> (8 - REST_BITS))) / 2 ** (8 * WHOLE_BYTES + REST_BITS);
};
