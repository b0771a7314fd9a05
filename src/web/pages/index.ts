/** The pages: pure functions of a view model and a context to an HTML document. */
export { anchoringPage } from './anchoring-page.js';
export { batchPage } from './batch-page.js';
export { batchesPage } from './batches-page.js';
export { cataloguePage } from './catalogue-page.js';
export { credentialPage } from './credential-page.js';
export { definitionPage } from './definition-page.js';
export { errorPage } from './error-page.js';
export { historyPage } from './history-page.js';
export { confirmPage, operatorPage } from './operator-page.js';
export { signInPage } from './sign-in-page.js';
export { startPage } from './start-page.js';
export { verifyPage } from './verify-page.js';
