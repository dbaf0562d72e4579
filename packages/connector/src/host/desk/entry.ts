/**
 * The way in from the file that hands a code over. A browser says of such a visit that another site led
 * it here, which the page itself must refuse; so it arrives at a page that knows nothing and goes on,
 * as a visit of the desk's own. Reload and Back then are the desk's own, too.
 */

/** Address of the entry's script. */
export const ENTRY_SCRIPT_PATH = '/enter.js';

/** Takes the code, which stands behind the `#`, along to the page. */
export const ENTRY_SCRIPT = "location.replace('/' + location.hash);\n";

const HEAD = '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>Postern</title>\n';

/** While a code waits for its browser. */
export const ENTRY_PAGE = `${HEAD}<script src="${ENTRY_SCRIPT_PATH}"></script>\n</html>\n`;

/** When none does. */
export const LATE_PAGE = `${HEAD}<p>This way into Postern was open for one minute, and for one window. Run "postern open" again.</p>\n</html>\n`;
