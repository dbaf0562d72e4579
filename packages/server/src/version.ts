/** Which server this is: GetInfo names it, in ZCS's form. */

/** The version of ZCS whose requests are followed, and this program's own name. */
export const PRODUCT_VERSION = '10.1.0_GA_POSTERN';
