/** The header block of a request, checked as a server must (RFC 9113, sections 8.2 and 8.3). */

export interface RequestBlock {
  /** names in lower case, pseudo-headers included; what came twice is joined by a comma */
  headers: Record<string, string>;
  malformed: boolean;
}

/** RFC 3986, section 3.1. */
const scheme = /^[a-z][a-z0-9+.-]*$/;
const pseudo = new Set([':method', ':scheme', ':authority', ':path']);
/** Names that make a request malformed (sections 8.2.1 and 8.2.2). */
const forbidden =
  /[^!#-'*+.^-z|~\d-]|[A-Z]|^(?:connection|keep-alive|proxy-connection|transfer-encoding|upgrade|__proto__)$|^$/;

export function createRequestReader() {
  let headers: Record<string, string> = {};
  let regular = 0;
  let malformed = false;

  return {
    field(name: string, value: string) {
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

    /** What was read, once; the next field belongs to another block. */
    take(): RequestBlock {
      const block = { headers, malformed };
      headers = {};
      regular = 0;
      malformed = false;
      return block;
    },
  };
}

/** A request rather than trailers, and one that says what it wants. */
export const isWhole = ({ headers, malformed }: RequestBlock): boolean =>
  !malformed && ':method' in headers && ':scheme' in headers && Boolean(headers[':path']);

/** The content-length of `headers`; -1 without one, -2 when it is none. */
export function lengthOf(headers: Record<string, string>): number {
  const text = headers['content-length'];
  if (text === undefined) return -1;
  return /^\d{1,15}$/.test(text) ? Number(text) : -2;
}
