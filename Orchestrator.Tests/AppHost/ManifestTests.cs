using System.Diagnostics;
using System.Text.Json.Nodes;
using Orchestrator.AppHost;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.AppHost;

/// <summary>The manifest that azd deploys from, published for real.</summary>
public sealed class ManifestTests(ManifestTests.Manifest manifest) : IClassFixture<ManifestTests.Manifest>
{
    private const string Redis = "{redis.connectionString}";
    private const string Key = "{api-key.value}";

    [Fact]
    public void Resources_Published_AreThePartsAndWhatADeploymentSupplies()
    {
        var types = manifest.Resources.ToDictionary(resource => resource.Key, resource => resource.Value!.Text("type"));

        Assert.Equal(
            new Dictionary<string, string>
            {
                ["redis"] = "container.v0",
                ["prometheus"] = "container.v1",
                ["grafana"] = "container.v1",
                ["orchestrator-api"] = "project.v0",
                ["orchestrator-worker"] = "project.v0",
                ["api-key"] = "parameter.v0",
                ["docker-host"] = "parameter.v0",
                ["runners-host"] = "parameter.v0",
                ["grafana-password"] = "parameter.v0",
                ["redis-password"] = "parameter.v0",
            },
            // What Aspire itself puts together from the others.
            types.Where(type => type.Value is not ("annotated.string" or "value.v0")).ToDictionary());
    }

    [Theory]
    [InlineData("redis", "tcp", "redis", 6379, false)]
    [InlineData("prometheus", "http", "http", 9090, false)]
    [InlineData("grafana", "http", "http", 3000, true)]
    [InlineData("orchestrator-api", "sessions", "http", 3001, true)]
    [InlineData("orchestrator-api", "machines", "http", 9092, false)]
    [InlineData("orchestrator-worker", "pod", "http", 8080, true)]
    public void Binding_Published_HasItsPortAndReach(string resource, string name, string scheme, int port, bool external)
    {
        var binding = manifest.Resources[resource]!["bindings"]![name]!;

        Assert.Equal((scheme, port), (binding.Text("scheme"), binding["targetPort"]!.GetValue<int>()));
        Assert.Equal(external, binding["external"]?.GetValue<bool>() ?? false);
    }

    [Fact]
    public void Bindings_Published_AreNoMoreThanThose() =>
        Assert.Equal(6, manifest.Resources.Sum(resource => resource.Value!["bindings"]?.AsObject().Count ?? 0));

    [Theory]
    [InlineData("api-key", true)]
    [InlineData("grafana-password", true)]
    [InlineData("redis-password", true)]
    [InlineData("docker-host", false)]
    [InlineData("runners-host", false)]
    public void Parameter_Published_IsSecretWhereItIsAKey(string parameter, bool secret) =>
        Assert.Equal(secret, manifest.Resources[parameter]!["inputs"]!["value"]!["secret"]?.GetValue<bool>() ?? false);

    [Fact]
    public void Redis_Published_WritesEveryChangeToAVolume()
    {
        var redis = manifest.Resources["redis"]!;

        Assert.Equal($"docker.io/{Composition.Images.Redis}:{Composition.Images.RedisTag}", redis.Text("image"));
        Assert.EndsWith(" --appendonly yes", redis["args"]!.AsArray()[^1]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal("/data", Assert.Single(redis["volumes"]!.AsArray())!.Text("target"));
    }

    [Theory]
    [InlineData("prometheus")]
    [InlineData("grafana")]
    public void Image_WithConfiguration_IsBuiltFromItsFolder(string resource)
    {
        var build = manifest.Resources[resource]!["build"]!;

        Assert.Equal(Path.Combine(Repository.Root, "Orchestrator.AppHost", resource), manifest.PathOf(build.Text("context")));
        Assert.True(File.Exists(manifest.PathOf(build.Text("dockerfile"))));
    }

    [Fact]
    public void Api_Published_AsksForKeysAndForAnEngineByName()
    {
        var api = manifest.Resources["orchestrator-api"]!;

        Assert.Equal(Path.Combine(Repository.Root, "Orchestrator.Api", "Orchestrator.Api.csproj"), manifest.PathOf(api.Text("path")));
        Assert.Equal(
            ("Production", Redis, Key, "any", "docker", "{docker-host.value}", "1", "{runners-host.value}", "{prometheus.bindings.http.url}"),
            (Of("ASPNETCORE_ENVIRONMENT"), Of("ConnectionStrings__redis"), Of("Security__ApiKeys"), Of("Security__Listen"), Of("Engine"), Of("DOCKER_HOST"),
                Of("DOCKER_TLS_VERIFY"), Of("RUNNERS_HOST"), Of("Prometheus__OtlpEndpoint")));

        string Of(string variable) => api["env"]!.Text(variable);
    }

    [Fact]
    public void Worker_Published_CallsTheApiWithItsKey()
    {
        var worker = manifest.Resources["orchestrator-worker"]!;

        Assert.Equal(
            ("Production", Redis, Key, "any", "{orchestrator-api.bindings.sessions.url}", Key),
            (Of("ASPNETCORE_ENVIRONMENT"), Of("ConnectionStrings__redis"), Of("Security__ApiKeys"), Of("Security__Listen"), Of("Tasks__ApiUrl"), Of("Tasks__ApiKey")));

        string Of(string variable) => worker["env"]!.Text(variable);
    }

    [Fact]
    public void Folders_OfThisMachine_AreMountedNowhere() =>
        Assert.All(manifest.Resources, resource => Assert.Null(resource.Value!["bindMounts"]));

    /// <summary>The AppHost's manifest, published once.</summary>
    public sealed class Manifest : ComponentFixture
    {
        private readonly TemporaryFolder _folder = new();

        public JsonObject Resources { get; private set; } = [];

        /// <summary>A path of the manifest, which are relative to it.</summary>
        public string PathOf(string path) => Path.GetFullPath(path, _folder.Path);

        protected override async ValueTask StartAsync()
        {
            var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
            var program = Path.Combine(Repository.Root, "Orchestrator.AppHost", "bin", configuration, "net10.0", "Orchestrator.AppHost.dll");
            var file = Path.Combine(_folder.Path, "manifest.json");
            using var process = Subprocess.Start(new ProcessStartInfo("dotnet", [program, "--publisher", "manifest", "--output-path", file])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            });
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            await process.WaitForExitAsync(new CancellationTokenSource(TimeSpan.FromMinutes(2)).Token);
            Assert.True(process.ExitCode == 0, await output + await errors);
            Resources = JsonNode.Parse(await File.ReadAllTextAsync(file))!["resources"]!.AsObject();
        }

        public override ValueTask DisposeAsync()
        {
            _folder.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
