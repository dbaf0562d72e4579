/** How large a message or an uploaded file may be. */

/** In bytes (ZCS: zimbraMtaMaxMessageSize). */
export const MAX_UPLOAD_BYTES = 10_240_000;
