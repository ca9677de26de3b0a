/** The form of a noun that fits a number. */
export const plural = (many: number, one: string, more: string) => (many === 1 ? one : more);
