// A 111 front end on Kafka: it asks on its own request topic and reads on the public event topic what became of it.
// usage: FrontEnd BROKERS TLS_FOLDER SYSTEM SLOT_ID   (examples/README.md; TLS_FOLDER "plaintext" for a broker without)
import bhr.booking.v1.BookingJournal.SlotBooked;
import bhr.booking.v1.BookingOuterClass.*;
import bhr.booking.v1.BookingServiceOuterClass.*;
import bhr.exchange.v1.Exchange.RequestOutcome;
import java.nio.file.*;
import java.time.*;
import java.util.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.*;
import org.apache.kafka.common.serialization.*;

public class FrontEnd {
    static final String EVENTS = "bhr.booking.event.v1";
    final String requests;
    final KafkaProducer<String, byte[]> producer;
    final KafkaConsumer<String, byte[]> events;

    FrontEnd(String brokers, String tls, String system) throws Exception {
        Map<String, Object> settings = new HashMap<>(Map.of("bootstrap.servers", brokers));
        if (!tls.equals("plaintext"))
            settings.putAll(Map.of("security.protocol", "SSL", "ssl.truststore.type", "PEM", "ssl.keystore.type", "PEM",
                "ssl.truststore.certificates", Files.readString(Path.of(tls, "ca.crt")),
                "ssl.keystore.certificate.chain", Files.readString(Path.of(tls, system + ".crt")),
                "ssl.keystore.key", Files.readString(Path.of(tls, system + ".key")))); // a PKCS #8 key
        requests = "bhr.booking.request." + system + ".v1"; // nobody else may write there: the topic says who asks
        producer = new KafkaProducer<>(settings, new StringSerializer(), new ByteArraySerializer());
        // read_committed: each event exactly once, and none that its publisher has taken back.
        settings.putAll(Map.of("group.id", system, "isolation.level", "read_committed", "enable.auto.commit", false));
        events = new KafkaConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer());
        var partitions = new ArrayList<TopicPartition>();
        events.partitionsFor(EVENTS).forEach(info -> partitions.add(new TopicPartition(EVENTS, info.partition())));
        events.assign(partitions);
        events.endOffsets(partitions).forEach(events::seek); // what happens from now on
    }

    /** Tells the outcome. To repeat a request, send the same id and time again. */
    void ask(String what, BookRequest request, String requestId, String askedAt) throws Exception {
        String correlationId = UUID.randomUUID().toString(); // chosen here; everything that comes of this carries it
        var record = new ProducerRecord<String, byte[]>(requests, request.toByteArray());
        Map.of("ce_type", "bhr.booking.v1.BookRequest", "ce_id", requestId, "ce_time", askedAt,
            "ce_correlationid", correlationId).forEach((name, value) -> record.headers().add(name, value.getBytes()));
        producer.send(record).get();
        for (long until = System.nanoTime() + 30_000_000_000L; System.nanoTime() < until;) {
            for (ConsumerRecord<String, byte[]> event : events.poll(Duration.ofMillis(500))) {
                Map<String, String> headers = new HashMap<>();
                event.headers().forEach(header -> headers.put(header.key(), new String(header.value())));
                if (!correlationId.equals(headers.get("ce_correlationid"))) continue;
                System.out.println(what + ": " + outcome(headers.get("ce_type"), event.value()));
                return;
            }
        }
        throw new IllegalStateException("no outcome yet: ask again with the same id");
    }

    static String outcome(String type, byte[] value) throws Exception {
        if (type.endsWith(".SlotBooked")) return "booked, number " + SlotBooked.parseFrom(value).getBookingId();
        if (!type.endsWith(".RequestOutcome")) return type;
        RequestOutcome outcome = RequestOutcome.parseFrom(value);
        BookResponse answer = BookResponse.parseFrom(outcome.getAnswer());
        String again = outcome.getRepeatedAnswer() ? ", repeated, number " + answer.getBookingId() : "";
        String text = outcome.getOutcome() + again + ": " + outcome.getMessage() + " " + outcome.getDetail();
        for (Slot slot : answer.getAlternativesList()) text += "\n    free instead: " + slot.getSlotId();
        return text;
    }

    public static void main(String[] words) throws Exception {
        FrontEnd frontEnd = new FrontEnd(words[0], words[1], words[2]);
        var smith = PersonReference.newBuilder().setNhsNumber("9999900011").setFamilyName("Smith");
        var brown = PersonReference.newBuilder().setNhsNumber("9999900038").setFamilyName("Brown");
        BookRequest.Builder book = BookRequest.newBuilder().setSlotId(words[3]);
        String requestId = "" + UUID.randomUUID(), other = "" + UUID.randomUUID(), askedAt = "" + Instant.now();
        frontEnd.ask("a booking", book.setPerson(smith).build(), requestId, askedAt);
        frontEnd.ask("the same slot for another caller", book.setPerson(brown).build(), other, askedAt);
        frontEnd.ask("the first request again", book.setPerson(smith).build(), requestId, askedAt);
    }
}
