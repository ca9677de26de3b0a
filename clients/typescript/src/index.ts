/** A client of Volley's API, for Node and browsers. It needs nothing but `fetch`. */

export type * from './api.ts';
export { createVolley, type Volley } from './client.ts';
export { VolleyError, VolleyUnreachable } from './errors.ts';
export { each, follow, lines } from './lists.ts';
export type { CallOptions, Settings, TextBody } from './options.ts';
export { API_VERSION } from './table.ts';
