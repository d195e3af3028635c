/** A repository failed. */
export const EXIT_FAILED = 1;
/** A flag or a setting is invalid, or an address is in use. */
export const EXIT_SETTINGS = 2;
