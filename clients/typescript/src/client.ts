/** The client: a function for each call of the API. */

import type { Calls } from './api.ts';
import type { CallOptions, Settings } from './options.ts';
import { type CallName, type Input, requestOf } from './request.ts';
import { createSend } from './send.ts';
import { table } from './table.ts';

type InputOf<Name extends CallName> = NonNullable<Parameters<Calls[Name]>[0]>;

/**
 * Calls reject with `VolleyError` if the API refuses, with `VolleyUnreachable` if no answer comes, and
 * with the reason of their signal.
 */
export interface Volley extends Calls {
  /**
   * The answer of a call in another media type, such as `text/csv`, as a stream. The deadline holds until
   * its body was read, so give it a longer one.
   */
  open<Name extends CallName>(
    name: Name,
    input: InputOf<Name>,
    options: CallOptions & { accept: string },
  ): Promise<Response>;
}

/** Throws `TypeError` if the URL or the key has not the form of one. */
export function createVolley(settings: Settings): Volley {
  const send = createSend(settings);
  const calls = Object.keys(table).map((key) => {
    const name = key as CallName;
    const call = async (input: Input = {}, options?: CallOptions) =>
      send(requestOf(name, input), readJson, options);
    return [name, call];
  });
  return {
    ...(Object.fromEntries(calls) as unknown as Calls),
    open: async (name, input, { accept, ...options }) =>
      send(requestOf(name, input, accept), async (response) => response, options),
  };
}

const readJson = async (response: Response): Promise<unknown> =>
  response.status === 204 ? undefined : response.json();
