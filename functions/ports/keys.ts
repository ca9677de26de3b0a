/** API keys. */

import type { ApiKey } from '../model/key.ts';

export interface Keys {
  putKey(key: ApiKey): Promise<void>;
  findKey(hash: string): Promise<ApiKey | null>;
  /** There are few. */
  listKeys(): Promise<ApiKey[]>;
  deleteKey(hash: string): Promise<boolean>;
}
