/** Texts for expected failures of a server's start, which its user can correct. */

import { ConfigError } from '../config/common.ts';
import { Unavailable } from '../lib/errors.ts';

/** Returns the message for the user. Throws an unexpected error again. */
export function startFailure(error: unknown): string {
  const { message, code, syscall } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return `${message}: stop what uses it, or set PORT`;
  if (error instanceof ConfigError || error instanceof Unavailable || syscall === 'listen')
    return message;
  throw error;
}
