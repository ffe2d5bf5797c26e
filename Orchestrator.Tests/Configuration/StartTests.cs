using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Configuration;

/// <summary>The real program, as an operator starts it.</summary>
public sealed class StartTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("orchestrator-start-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("Orchestrator.Api", "INACTIVITY_TIMEOUT_SECONDS", "soon")]
    [InlineData("Orchestrator.Api", "PORT", "http")]
    [InlineData("Orchestrator.Api", "Security__Listen", "any")]
    [InlineData("Orchestrator.Api", "DOCKER_HOST", "ssh://somewhere")]
    [InlineData("Orchestrator.Api", "DOCKER_HOST", "/var/run/docker.sock")]
    [InlineData("Orchestrator.Api", "DOCKER_HOST", "tcp://127.0.0.1:1")]
    [InlineData("Orchestrator.Api", "Docker__Host", "unix:///nowhere/docker.sock")]
    [InlineData("Orchestrator.Api", "Storage__DataFolder", "/dev/null")]
    [InlineData("Orchestrator.Api", "Storage__DataFolder", "/proc/orchestrator")]
    [InlineData("Orchestrator.Api", "Storage__DataFolder", "~/data")]
    [InlineData("Orchestrator.Api", "OTEL_EXPORTER_OTLP_ENDPOINT", "foo")]
    [InlineData("Orchestrator.Api", "OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4317")]
    [InlineData("Orchestrator.Worker", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "/var/otlp")]
    [InlineData("Orchestrator.Api", "OTEL_EXPORTER_OTLP_PROTOCOL", "http")]
    [InlineData("Orchestrator.Api", "Logging__Console__FormatterName", "pretty")]
    [InlineData("Orchestrator.Worker", "Logging__LogLevel__Default", "loud")]
    [InlineData("Orchestrator.Api", "Logging__Console__LogLevel__Default", "1.5")]
    [InlineData("Orchestrator.Api", "Docker__CallTimeoutSeconds", "soon")]
    [InlineData("Orchestrator.Api", "Docker__CallTimeoutSeconds", "0")]
    [InlineData("Orchestrator.Api", "Engine", "kubernetes")]
    [InlineData("Orchestrator.Api", "Storage__Durability", "maybe")]
    [InlineData("Orchestrator.Api", "Prometheus__OtlpEndpoint", "host:9090")]
    [InlineData("Orchestrator.Worker", "POD_PORT", "0x1F90")]
    [InlineData("Orchestrator.Worker", "ConnectionStrings__redis", "")]
    [InlineData("Orchestrator.Worker", "ConnectionStrings__redis", "foo=bar")]
    [InlineData("Orchestrator.Api", "ConnectionStrings__redis", "host:99999")]
    [InlineData("Orchestrator.Api", "Tasks__Slots", "-1")]
    [InlineData("Orchestrator.Api", "Pod__CallbackUrl", "nowhere")]
    [InlineData("Orchestrator.Api", "Callbacks__Allowed", "http://host/")]
    [InlineData("Orchestrator.Api", "Mining__TargetDifficulty", "0")]
    [InlineData("Orchestrator.Api", "Mining__CpuShare", "1.5")]
    [InlineData("Orchestrator.Api", "Mining__Enabled", "perhaps")]
    public async Task Start_WrongVariable_EndsWithOneLineThatNamesIt(string program, string variable, string value)
    {
        var (code, output, error) = await RunAsync(program, NoRedisFor(program), (variable, value));

        Assert.Equal(1, code);
        var line = Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains(variable.Split("__")[^1], line, StringComparison.Ordinal);
        Assert.DoesNotContain("ready", output, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_PortTaken_EndsWithOneLineThatNamesIt()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;

        var (code, _, error) = await RunAsync("Orchestrator.Worker", ("POD_PORT", $"{port}"), NoRedis);

        Assert.Equal(1, code);
        Assert.Contains($"{port}", Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_Worker_SaysWhenItIsReadyAndStopsAtOnce()
    {
        using var process = Start("Orchestrator.Worker", ("POD_PORT", "0"), NoRedis, ("Redis__CallTimeoutSeconds", "1"));
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        string? line;
        do
        {
            line = await process.StandardOutput.ReadLineAsync(limit.Token);
        }
        while (line?.StartsWith("Orchestrator is ready: ", StringComparison.Ordinal) == false);

        var address = Assert.IsType<string>(line)["Orchestrator is ready: pod ".Length..];
        using var client = new HttpClient();
        Assert.Equal("OK", await client.GetStringAsync(new Uri(address), limit.Token));

        using var kill = Subprocess.Start("kill", ["-TERM", $"{process.Id}"]);
        await process.WaitForExitAsync(limit.Token);
        Assert.Equal(0, process.ExitCode);
    }

    [Fact]
    public async Task Start_ApiOrWorker_TakesNoInotifyInstance()
    {
        using var data = new TemporaryFolder();
        // A user has 128 of them for everything he runs; used up, a program that needs one can't start.
        await using var api = await ServerProgram.StartEmbeddedAsync(data.Path);
        await using var worker = await ServerProgram.StartWorkerAsync("127.0.0.1:1");

        Assert.All([api, worker], server => Assert.DoesNotContain(
            Directory.EnumerateFiles($"/proc/{server.ProcessId}/fd").Select(descriptor => new FileInfo(descriptor).LinkTarget),
            target => target?.Contains("inotify", StringComparison.Ordinal) == true));
    }

    private static (string, string) NoRedisFor(string program) => program == "Orchestrator.Worker" ? NoRedis : ("ConnectionStrings__redis", "");

    // A worker starts before its Redis does; it takes work once that is there.
    private static (string, string) NoRedis => ("ConnectionStrings__redis", "127.0.0.1:1");

    private async Task<(int Code, string Output, string Error)> RunAsync(string program, params (string Name, string Value)[] variables)
    {
        using var process = Start(program, variables);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var output = process.StandardOutput.ReadToEndAsync(limit.Token);
        var error = process.StandardError.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        return (process.ExitCode, await output, await error);
    }

    private Process Start(string program, params (string Name, string Value)[] variables)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, $"{program}.dll")])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = _folder.FullName,
        };
        foreach (var (name, value) in variables)
        {
            start.Environment[name] = value;
        }

        return Subprocess.Start(start);
    }
}
