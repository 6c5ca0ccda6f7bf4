import com.sun.net.httpserver.*;
import java.net.InetSocketAddress;
import java.security.MessageDigest;
import java.sql.*;
import java.util.*;
import java.util.concurrent.Executors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

public class Receiver {
  static final byte[] KEY =
      Base64.getDecoder().decode(System.getenv("WEBHOOK_SECRET").replace("whsec_", ""));

  static boolean isGenuine(Headers headers, byte[] body) throws Exception {
    String id = headers.getFirst("webhook-id"), time = headers.getFirst("webhook-timestamp");
    if (time == null || !time.matches("\\d{1,15}")) return false;
    if (Math.abs(System.currentTimeMillis() / 1000 - Long.parseLong(time)) > 300) return false;
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(KEY, "HmacSHA256"));
    mac.update((id + "." + time + ".").getBytes("UTF-8"));
    byte[] wanted = ("v1," + Base64.getEncoder().encodeToString(mac.doFinal(body))).getBytes();
    boolean genuine = false;
    for (String signature : String.valueOf(headers.getFirst("webhook-signature")).split(" ")) {
      genuine |= MessageDigest.isEqual(signature.getBytes(), wanted);
    }
    return genuine;
  }

  // One statement is one transaction, and PostgreSQL itself reads the JSON. The unique key makes the
  // second of two a row less.
  static final String CREDIT =
      "with event as (select ?::jsonb as e), paid as ("
          + " insert into credits (order_no, user_id, amount)"
          + " select e->'data'->>'order_no', e->'data'->>'user_id', (e->'data'->>'amount')::bigint"
          + " from event where e->>'type' = 'order.paid'"
          + " on conflict (order_no) do nothing returning user_id, amount)"
          + " insert into accounts (user_id, balance) select user_id, amount from paid"
          + " on conflict (user_id) do update set balance = accounts.balance + excluded.balance";

  static int receive(HttpExchange exchange) {
    try (Connection database = DriverManager.getConnection(System.getenv("JDBC_URL"));
        PreparedStatement credit = database.prepareStatement(CREDIT)) {
      byte[] body = exchange.getRequestBody().readAllBytes();
      if (!isGenuine(exchange.getRequestHeaders(), body)) return 401;
      credit.setString(1, new String(body, "UTF-8"));
      credit.executeUpdate();
      return 204;
    } catch (Exception error) {
      return 500; // budan sends it again
    }
  }

  public static void main(String[] args) throws Exception {
    int port = Integer.parseInt(System.getenv("PORT"));
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
    server.setExecutor(Executors.newFixedThreadPool(8));
    server.createContext(
        "/", exchange -> { exchange.sendResponseHeaders(receive(exchange), -1); exchange.close(); });
    server.start();
  }
}
