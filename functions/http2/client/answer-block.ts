/**
 * Collects what matters of an answer's header block, and checks it (RFC 9113, sections 8.2 and
 * 8.3).
 */

interface AnswerBlock {
  /** 0 without one */
  status: number;
  retryAfter: string | undefined;
  /** content-length; -1 without one, -2 if it is malformed */
  length: number;
  /** why the answer is malformed; '' if it is not */
  malformed: string;
}

/** Names that make an answer malformed: upper case, pseudo-headers, fields of a connection, no name. */
const forbidden =
  /[A-Z]|^:|^(?:connection|keep-alive|proxy-connection|transfer-encoding|upgrade)$|^$/;

/** Tells the decoder which fields to build: those that are used, and those that are errors. */
export const wantsField = (name: string): boolean =>
  name === ':status' || name === 'retry-after' || name === 'content-length' || forbidden.test(name);

/** Returns one block that is used for every answer of a connection. */
export const createAnswerBlock = (): AnswerBlock => ({
  status: 0,
  retryAfter: undefined,
  length: -1,
  malformed: '',
});

/** Adds a field that `wantsField` accepted. */
export function addField(block: AnswerBlock, name: string, value: string) {
  if (name === ':status') {
    if (block.status !== 0 || !/^[1-5]\d\d$/.test(value)) block.malformed = 'a malformed status';
    else block.status = Number(value);
  } else if (name === 'retry-after') {
    block.retryAfter = value;
  } else if (name === 'content-length') {
    block.length = /^\d{1,15}$/.test(value) ? Number(value) : -2;
  } else {
    block.malformed = `a header that HTTP/2 forbids: ${name.slice(0, 40)}`;
  }
}

/** Empties the block for the next answer. */
export function clearBlock(block: AnswerBlock) {
  block.status = 0;
  block.retryAfter = undefined;
  block.length = -1;
  block.malformed = '';
}
