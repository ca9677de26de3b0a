/**
 * Options of an HTTP server of tests: idle connections stay open. After a stall of the machine, Node's five seconds
 * would end one as it is used.
 */
export const keptOpen = { keepAliveTimeout: 0 };
