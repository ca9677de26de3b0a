/** Collects the header block of a request and checks it (RFC 9113, sections 8.2 and 8.3). */

export interface RequestBlock {
  /** names in lower case, pseudo-headers included; repeated fields are joined by commas */
  headers: Record<string, string>;
  malformed: boolean;
}

interface RequestBlockReader {
  /** Adds a field in the order of the block. */
  field(name: string, value: string): void;
  /** Returns the block; the next field begins another one. */
  take(): RequestBlock;
}

/** A scheme (RFC 3986, section 3.1). */
const scheme = /^[a-z][a-z0-9+.-]*$/;
const pseudo = new Set([':method', ':scheme', ':authority', ':path']);
/** Names that make a block malformed (sections 8.2.1 and 8.2.2). */
const forbidden =
  /[^!#-'*+.^-z|~\d-]|[A-Z]|^(?:connection|keep-alive|proxy-connection|transfer-encoding|upgrade|__proto__)$|^$/;

export function createRequestBlockReader(): RequestBlockReader {
  let headers: Record<string, string> = {};
  let regular = 0;
  let malformed = false;

  return {
    field(name, value) {
      if (name.charCodeAt(0) === 0x3a) {
        // pseudo-header fields come first and once (section 8.3)
        if (!pseudo.has(name) || name in headers || regular > 0) malformed = true;
        if (name === ':scheme' && !scheme.test(value)) malformed = true;
        headers[name] = value;
        return;
      }
      regular += 1;
      if (forbidden.test(name) || (name === 'te' && value !== 'trailers')) malformed = true;
      else if (!Object.hasOwn(headers, name)) headers[name] = value;
      else headers[name] += `${name === 'cookie' ? '; ' : ', '}${value}`;
    },

    take() {
      const block = { headers, malformed };
      headers = {};
      regular = 0;
      malformed = false;
      return block;
    },
  };
}

/** Tells whether a block is a well-formed request: not malformed, with method, scheme and path. */
export const isRequest = ({ headers, malformed }: RequestBlock): boolean =>
  !malformed && ':method' in headers && ':scheme' in headers && Boolean(headers[':path']);

/** Returns the content-length; -1 without one, -2 if it is malformed. */
export function lengthOf(headers: Record<string, string>): number {
  const text = headers['content-length'];
  if (text === undefined) return -1;
  return /^\d{1,15}$/.test(text) ? Number(text) : -2;
}
