/* An outside reader of a public topic, with the Java client and nothing of ours: read_committed, from the beginning, one
 * line for each record as it comes: offset, ce_bhrnumber, ce_id, ce_type, key, milliseconds since 1970 when it was seen,
 * value in Base64; separated by tabs. It ends when its input ends. Run as a single file:
 *   java -cp 'build/kafka-libs/*' tests/support/EventConsumer.java BROKERS TOPIC PARTITION */
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

public class EventConsumer {
    private static volatile boolean isOver = false;

    public static void main(String[] words) throws Exception {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", words[0]);
        settings.put("isolation.level", "read_committed");
        settings.put("enable.auto.commit", "false");
        settings.put("reconnect.backoff.max.ms", "500");
        Thread ender = new Thread(EventConsumer::awaitEndOfInput);
        ender.setDaemon(true);
        ender.start();
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            TopicPartition partition = new TopicPartition(words[1], Integer.parseInt(words[2]));
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            while (!isOver) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(100))) {
                    out.println(line(record));
                }
                out.flush();
            }
        }
    }

    private static String line(ConsumerRecord<byte[], byte[]> record) {
        return String.join("\t", Long.toString(record.offset()), header(record, "ce_bhrnumber"), header(record, "ce_id"),
                header(record, "ce_type"), text(record.key()), Long.toString(System.currentTimeMillis()),
                Base64.getEncoder().encodeToString(record.value()));
    }

    private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
        Header header = record.headers().lastHeader(name);
        return header == null ? "" : text(header.value());
    }

    private static String text(byte[] bytes) {
        return bytes == null ? "" : new String(bytes, StandardCharsets.UTF_8);
    }

    private static void awaitEndOfInput() {
        try {
            while (System.in.read() >= 0) {
                continue;
            }
        } catch (java.io.IOException error) {
            System.err.println(error);
        }
        isOver = true;
    }
}
