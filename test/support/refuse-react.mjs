// Preloaded into the program under test: an import of React, or of the chunk that holds it, ends it.
import { registerHooks } from 'node:module';

registerHooks({
  load(url, context, nextLoad) {
    const result = nextLoad(url, context);
    if (/react\.transitional\.element/.test(String(result.source ?? ''))) throw new Error(`React was loaded: ${url}`);
    return result;
  },
});
