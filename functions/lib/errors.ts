/** Faults of a request, in words for its author; and errors that callers tell apart. */

export interface Fault {
  /** a field such as `message.title`, a header or a line; '' means the whole request */
  path: string;
  message: string;
}

/** The fault of a part as a fault of the whole: `name` is put before its path. */
export const faultIn = (name: string, { path, message }: Fault): Fault => ({
  path: path === '' ? name : `${name}.${path}`,
  message,
});

/** A problem lists this many faults, and says how many more there are. */
export const MAX_FAULTS = 200;

/** A service that we depend on does not work now: a full disk, a locked database, no answer. */
export class Unavailable extends Error {
  override name = 'Unavailable';
}

/** A cursor that no page of this list has returned. */
export class BadCursor extends Error {
  override name = 'BadCursor';
}

/** Part of what has to be read was deleted by its age. The rest of it would be taken for all. */
export class Expired extends Error {
  override name = 'Expired';
}
