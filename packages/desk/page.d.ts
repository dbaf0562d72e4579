/** Folder of the page; absent or empty until it is built (`npm run build -w packages/desk`). */
export const pageFolder: string;
