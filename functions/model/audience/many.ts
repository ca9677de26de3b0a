/**
 * From so many installations on, a person confirms what is sent by typing their number: in the
 * command line, and in any other place where a person sends. Fewer are a team and its testers.
 */
export const MANY = 1_000;
