/** In a file of its own: the command line reads it, and must not load what draws. */
export const THEME_CHOICES = ['auto', 'dark', 'light', '16', 'none'] as const;
/** `auto` follows the terminal; the others say what it is. */
export type ThemeChoice = (typeof THEME_CHOICES)[number];
