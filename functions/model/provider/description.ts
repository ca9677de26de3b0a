/** What the rest of Volley has to know of a provider. One entry for each in `list.ts`. */

import type { Environment, Platform } from '../platform.ts';

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
  /** what else than tokens it sends to */
  readonly targets: readonly ('topic' | 'condition')[];
  /** field of a message whose object is merged over what this provider is sent; null: there is none */
  readonly overrides: string | null;
  /** of the overrides, the fields with which a message needs no other content; null: all of them */
  readonly content: readonly string[] | null;
  /** can be asked what it would say to a push without sending it */
  readonly canDryRun: boolean;
  /** pushes a second that it takes from one project, as far as it says; estimates count with it */
  readonly perSecond: number;
  /**
   * A quota of its own paces its queue, so that only full chunks use all of it. Pages of an audience
   * end where its chunks are full.
   */
  readonly paced: boolean;
  /** ms without a registration after which it rejects a token; null: it does not say */
  readonly tokenExpiresAfterMs: number | null;
  readonly probe: Probe;
}

export interface TokenForm {
  readonly pattern: RegExp;
  /** what a token has to be, as it is told to the caller */
  readonly expected: string;
  /** two spellings are one token: the lower-case one is kept */
  readonly ignoresCase: boolean;
  /** no other provider's token looks like it: a token in a list is recognized by its form */
  readonly isDistinct: boolean;
}

/** How `volley doctor` finds out whether the provider accepts our credentials. */
export interface Probe {
  /** of the right form, and no device's */
  readonly token: string;
  /** reasons that say only that the credentials are for the other environment; null: none does */
  readonly otherEnvironment: RegExp | null;
}
