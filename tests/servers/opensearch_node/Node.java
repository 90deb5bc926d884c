import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import org.codelibs.opensearch.runner.node.OpenSearchRunnerNode;
import org.opensearch.common.settings.Settings;
import org.opensearch.env.Environment;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.plugins.Plugin;

/** One OpenSearch node in one process: Node FOLDER NAME=VALUE ... with the settings of opensearch.yml, and plugins that -Dkb.plugins names. */
public class Node {
    private static final String[] MODULES = {
        "org.opensearch.transport.Netty4Plugin",
        "org.opensearch.analysis.common.CommonAnalysisPlugin",
        "org.opensearch.painless.PainlessPlugin",
        "org.opensearch.script.expression.ExpressionPlugin",
        "org.opensearch.index.reindex.ReindexPlugin",
        "org.opensearch.index.mapper.MapperExtrasPlugin",
    };

    @SuppressWarnings("unchecked")
    public static void main(String[] arguments) throws Exception {
        Path folder = Path.of(arguments[0]);
        Settings.Builder settings = Settings.builder().put("path.home", folder.toString());
        for (int i = 1; i < arguments.length; i++) {
            String[] parts = arguments[i].split("=", 2);
            if (parts[0].equals("discovery.seed_hosts") || parts[0].equals("cluster.initial_cluster_manager_nodes")) {
                settings.putList(parts[0], parts[1].split(","));
            } else {
                settings.put(parts[0], parts[1]);
            }
        }
        List<Class<? extends Plugin>> modules = new ArrayList<>();
        for (String module : MODULES) {
            modules.add((Class<? extends Plugin>) Class.forName(module));
        }
        for (String plugin : System.getProperty("kb.plugins", "").split(",")) {
            if (!plugin.isEmpty()) {
                modules.add((Class<? extends Plugin>) Class.forName(plugin));
            }
        }
        Environment environment =
            InternalSettingsPreparer.prepareEnvironment(settings.build(), Map.of(), folder.resolve("config"), () -> "kb");
        OpenSearchRunnerNode node = new OpenSearchRunnerNode(environment, modules);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try {
                node.close();
            } catch (Exception error) {
                error.printStackTrace();
            }
        }));
        node.start();
        System.out.println("started");
        Thread.currentThread().join();
    }
}
