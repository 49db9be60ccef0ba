import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import java.util.List;

/** A MongoDB-compatible server in memory, for tests: `java -cp 'JARS/*' Launcher.java PORT`. */
public class Launcher {
    /** Current drivers refuse wire version 8, which the server would report; what it supports is what they ask for. */
    static final MongoVersion VERSION = new MongoVersion() {
        @Override
        public List<Integer> getVersionArray() {
            return List.of(5, 0, 0);
        }

        @Override
        public int getWireVersion() {
            return 13;
        }
    };

    public static void main(String[] arguments) throws InterruptedException {
        MongoServer server = new MongoServer(new MemoryBackend().version(VERSION));
        server.bind("127.0.0.1", Integer.parseInt(arguments[0]));
        System.out.println("listening on " + arguments[0]);
        Thread.currentThread().join();
    }
}
