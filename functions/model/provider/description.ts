/** All that the rest of Volley knows about a provider. `list.ts` has one for each. */

import type { Environment, Platform } from '../platform.ts';
import type { Reason } from './reason.ts';

export interface ProviderDescription {
  /** lower-case letters and digits: part of queue names, paths, stored documents and API fields */
  readonly name: string;
  /** as people write it */
  readonly title: string;
  /** platforms that it reaches */
  readonly platforms: readonly Platform[];
  /** platforms whose registrations use it unless they name another */
  readonly usualFor: readonly Platform[];
  /** hosts of its own: a token of one is unknown at the other. Most providers have production alone. */
  readonly environments: readonly Environment[];
  readonly token: TokenForm;
  /** targets other than tokens that it sends to */
  readonly targets: readonly ('topic' | 'condition')[];
  /** field of a message whose object is merged over what this provider is sent; null: there is none */
  readonly overrides: string | null;
  /** of the overrides, the fields with which a message needs no other content; null: all of them */
  readonly content: readonly string[] | null;
  /** it can check a push without sending it */
  readonly canDryRun: boolean;
  /** pushes a second that it accepts from one project, for estimates */
  readonly perSecond: number;
  /**
   * Its own quota paces its queue, so that only full chunks use all of the quota. Pages of an audience
   * end where its chunks are full.
   */
  readonly paced: boolean;
  /** ms without a registration after which it rejects a token; null: it does not say */
  readonly tokenExpiresAfterMs: number | null;
  /** all reasons that it documents, by name */
  readonly reasons: Readonly<Record<string, Reason>>;
  /** how a push is named in a question to the provider; null: it has no names */
  readonly pushIds: PushIds | null;
  readonly probe: Probe;
}

interface PushIds {
  /** what carries it, in the provider's words: a header, or a field of the answer */
  readonly header: string;
  /**
   * The ids that we give to a chunk's pushes, by the recipient's index in it, so that a second delivery has
   * the same and needs no store. `chunkId` is the seed. Null: the provider names each push itself, in its
   * answer.
   */
  readonly of: ((chunkId: string) => (index: number) => string) | null;
}

interface TokenForm {
  readonly pattern: RegExp;
  /** the form of a token in words, for the fault */
  readonly expected: string;
  /** two spellings are one token: the lower-case one is kept */
  readonly ignoresCase: boolean;
  /** no other provider's token looks like it: a token in a list is recognized by its form */
  readonly isDistinct: boolean;
}

/** How `volley doctor` finds out whether the provider accepts our credentials. */
interface Probe {
  /** a token of the right form that no device has */
  readonly token: string;
  /** reasons that say only that the credentials are for the other environment; null: none does */
  readonly otherEnvironment: RegExp | null;
}
