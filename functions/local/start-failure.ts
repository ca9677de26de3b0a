/** Why a server did not start, where that is to be expected: what its user has to mend. */

import { ConfigError } from '../config/common.ts';
import { Unavailable } from '../lib/errors.ts';

/** Throws what is not expected. */
export function startFailure(error: unknown): string {
  const { message, code, syscall } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return `${message}: stop what uses it, or set PORT`;
  if (error instanceof ConfigError || error instanceof Unavailable || syscall === 'listen')
    return message;
  throw error;
}
