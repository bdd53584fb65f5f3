export async function open() { return { search: async () => [] }; }
