/**
 * Installations from which on a person who sends confirms by typing their number. Fewer are a team and
 * its testers.
 */
export const MANY = 1_000;
