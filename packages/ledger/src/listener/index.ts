export { listen, type Listener, type ListenOptions } from './listen.ts';
export { writeConnectionFolder } from './connection-folder.ts';
