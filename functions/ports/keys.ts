/** API keys, found by a hash: the key itself is never stored. */

import type { ApiKey } from '../model/key.ts';

export interface Keys {
  /** Creates a key, or replaces the one with that hash. */
  putKey(key: ApiKey): Promise<void>;
  /** Null if there is no key with that hash. */
  findKey(hash: string): Promise<ApiKey | null>;
  /** All keys: there are few. */
  listKeys(): Promise<ApiKey[]>;
  /** False if there is no key with that hash. */
  deleteKey(hash: string): Promise<boolean>;
}
