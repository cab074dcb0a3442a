import com.fasterxml.jackson.databind.*;
import java.io.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.time.*;
import java.util.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.header.internals.*;
import org.apache.kafka.common.serialization.*;

/** Loyalty points, a participant that knows Kafka and a file: `java -cp 'libs/*' LoyaltyParticipant.java BROKERS PREFIX FILE`. */
public class LoyaltyParticipant {
  static final ObjectMapper json = new ObjectMapper();
  /** What became of each idempotency key: the fence. The points are in the same records, so that neither changes without the other. */
  static final Map<String, JsonNode> fence = new HashMap<>();

  public static void main(String[] args) throws Exception {
    var topic = args[1] + ".loyalty.commands";
    var file = Path.of(args[2]);
    for (var line : Files.exists(file) ? Files.readAllLines(file) : List.<String>of()) {
      try {
        fence.put(json.readTree(line).path("key").asText(), json.readTree(line));
      } catch (IOException torn) {
        System.err.println("a record that was never finished, nor answered: " + line);
      }
    }
    var reading = Map.<String, Object>of("bootstrap.servers", args[0], "group.id", args[1] + ".loyalty", "enable.auto.commit", false,
        "auto.offset.reset", "earliest", "session.timeout.ms", 10_000);
    try (var consumer = new KafkaConsumer<>(reading, new StringDeserializer(), new ByteArrayDeserializer());
        var producer = new KafkaProducer<>(Map.of("bootstrap.servers", args[0]), new StringSerializer(), new ByteArraySerializer());
        var log = new FileOutputStream(file.toFile(), true)) {
      for (consumer.subscribe(List.of(topic));;) {
        var answers = new ArrayList<ProducerRecord<String, byte[]>>();
        for (var command : consumer.poll(Duration.ofSeconds(1))) {
          try {
            answers.add(reply(command, log));
          } catch (RuntimeException | IOException problem) {
            answers.add(deadLetter(command, problem));
          }
        }
        if (answers.isEmpty()) continue;
        log.getFD().sync(); // The records, then the replies, then the acknowledgement: a crash in between repeats something and loses nothing.
        for (var sent : answers.stream().map(producer::send).toList()) sent.get();
        consumer.commitSync();
      }
    }
  }

  static ProducerRecord<String, byte[]> reply(ConsumerRecord<String, byte[]> message, OutputStream log) throws IOException {
    if (!header(message, "ce_type").equals("skald.command.v1")) throw new IOException("this is no command");
    var command = json.readTree(message.value());
    var reply = json.createObjectNode();
    for (var name : List.of("sagaId", "incarnation", "step", "round", "attempt", "operation", "purpose", "undoRound"))
      reply.set(name, command.required(name));
    reply.set("outcome", outcome(command, log));
    var headers = with(new RecordHeaders(), Map.of("ce_specversion", "1.0", "ce_type", "skald.reply.v1", "ce_id",
        "reply/" + header(message, "ce_id"), "ce_source", "/loyalty", "content-type", "application/json"));
    var partition = Integer.valueOf(header(message, "ce_replypartition"));
    return new ProducerRecord<>(header(message, "ce_replytopic"), partition, message.key(), json.writeValueAsBytes(reply), headers);
  }

  /** The table of the protocol. */
  static JsonNode outcome(JsonNode command, OutputStream log) throws IOException {
    var key = command.required("key").asText();
    var record = fence.get(key);
    var before = record == null ? "nothing" : record.get("outcome").get("type").asText();
    var round = command.get("undoRound").asInt();
    var old = System.currentTimeMillis() - Duration.ofDays(90).toMillis();
    if (record == null && command.required("firstRequestedAt").asLong() < old) return json.valueToTree(Map.of("type", "unknowable"));
    return switch (command.get("operation").asText() + " after " + before) {
      case "action after nothing" -> {
        var outcome = award(command.required("args").required(0));
        var mayBeTriedAgain = outcome.get("type").equals("failed") && command.get("purpose").asText().equals("compensation");
        yield mayBeTriedAgain ? json.valueToTree(outcome) : write(log, key, 0, outcome);
      }
      case "action after undone", "action after sealed" -> json.valueToTree(Map.of("type", "refused", "reason", before));
      case "compensation after succeeded" -> write(log, key, round, Map.of("type", "undone", "executed", true));
      case "compensation after nothing", "compensation after failed", "compensation after sealed" ->
        write(log, key, round, Map.of("type", "undone", "executed", false));
      case "compensation after undone" ->
        record.get("round").asInt() >= round ? record.get("outcome") : write(log, key, round, Map.of("type", "undone", "executed", true));
      case "seal after nothing" -> write(log, key, 0, Map.of("type", "sealed"));
      case "seal after undone" -> json.valueToTree(Map.of("type", "sealed"));
      default -> record.get("outcome");
    };
  }

  /** The business: whoever asks for more points than there are in the campaign gets none. */
  static Map<String, Object> award(JsonNode order) {
    var points = order.required("points").asInt();
    if (points <= 1_000) return Map.of("type", "succeeded", "result", Map.of("points", points));
    var error = Map.of("name", "CampaignExceeded", "message", points + " points are too many");
    return Map.of("type", "failed", "kind", "business", "effect", "none", "error", error);
  }

  static JsonNode write(OutputStream log, String key, int round, Map<String, Object> outcome) throws IOException {
    var record = json.valueToTree(Map.of("key", key, "round", round, "outcome", outcome));
    log.write(("\n" + record).getBytes(StandardCharsets.UTF_8));
    fence.put(key, record);
    return record.get("outcome");
  }

  /** What cannot be read must not stop the others; with the reason beside it, it can be looked at and sent back. */
  static ProducerRecord<String, byte[]> deadLetter(ConsumerRecord<String, byte[]> message, Exception problem) {
    var headers = with(new RecordHeaders(message.headers()), Map.of("skald_reason", "invalid-member", "skald_problem", problem.toString(),
        "skald_topic", message.topic(), "skald_partition", message.partition() + "", "skald_offset", message.offset() + ""));
    return new ProducerRecord<>(message.topic() + ".dlt", 0, message.key(), message.value(), headers);
  }

  static String header(ConsumerRecord<String, byte[]> message, String name) throws IOException {
    var found = message.headers().lastHeader(name);
    if (found == null) throw new IOException("the header " + name + " is missing");
    return new String(found.value(), StandardCharsets.UTF_8);
  }

  static RecordHeaders with(RecordHeaders headers, Map<String, String> more) {
    more.forEach((name, text) -> headers.add(name, text.getBytes(StandardCharsets.UTF_8)));
    return headers;
  }
}
