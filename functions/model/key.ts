/** API keys. */

/** `register` may put, change and delete an installation of its app, and nothing else. */
export const scopes = ['campaigns', 'installations', 'read', 'register', 'admin'] as const;
export type Scope = (typeof scopes)[number];

/** Scopes of the operators of a deployment. */
export const fullScopes: Scope[] = ['campaigns', 'installations', 'read', 'admin'];

export interface ApiKey {
  /** SHA-256 of the key, hex: the key itself is never stored */
  hash: string;
  name: string;
  scopes: Scope[];
  /** of a key to register with: the only app it is good for */
  app?: string;
  createdAt?: number;
}
