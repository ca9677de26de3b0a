import { createFirestoreStore } from '../../functions/store/firestore.ts';
import { storeContract } from '../contracts/store.ts';
import { freshProject, withoutEmulators } from '../emulators.ts';

storeContract(
  'firestore',
  async (t) => {
    const store = createFirestoreStore({
      project: freshProject(),
      emulator: process.env.FIRESTORE_EMULATOR_HOST,
    });
    t.after(() => store.close());
    return store;
  },
  withoutEmulators('firestore'),
);
