/** The history's thread. */

import { serve } from '../sqlite/serve.ts';
import { createHistoryOperations, openHistoryDatabase } from './database.ts';

serve({ open: openHistoryDatabase, operations: createHistoryOperations });
