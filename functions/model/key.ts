/** API keys. */

/** A key of scope `register` may put, change and delete installations of its app, and nothing else. */
export const scopes = ['campaigns', 'installations', 'read', 'register', 'admin'] as const;
export type Scope = (typeof scopes)[number];

/** Scopes of the operators of a deployment. */
export const fullScopes: Scope[] = ['campaigns', 'installations', 'read', 'admin'];

export interface ApiKey {
  /** SHA-256 of the key, hex: the key itself is never stored */
  hash: string;
  name: string;
  scopes: Scope[];
  /** only for a registration key: the app that it is valid for */
  app?: string;
  createdAt?: number;
}
