/** Loaded into a function: on a busy machine its end may take longer than the platform would give it. */

/** `DRAIN_MS` of functions/entry/front.ts. */
const DRAIN_MS = 8_000;
const PATIENT_MS = 10 * 60_000;

const { setTimeout: real } = globalThis;
const patient = (work, ms, ...rest) => real(work, ms === DRAIN_MS ? PATIENT_MS : ms, ...rest);
globalThis.setTimeout = Object.defineProperties(patient, Object.getOwnPropertyDescriptors(real));
