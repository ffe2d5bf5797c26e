using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Script;

/// <summary>The script, run for real. Its state and its instance are of its own.</summary>
public sealed class ScriptTests : IDisposable
{
    private readonly string _data = Path.Combine(Directory.CreateTempSubdirectory("orchestrator-script-").FullName, "data");
    private readonly int[] _ports = FreePorts(3);

    [Fact]
    public async Task Help_Asked_NamesEveryCommand()
    {
        using var run = Run("--help");

        Assert.Equal(0, await run.EndAsync(TimeSpan.FromSeconds(30)));
        Assert.All(
            ["up", "down", "test", "docs", "lint", "bench", "images", "doctor"],
            command => Assert.Contains($"\n  {command} ", run.Output, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(64, "unknown command frobnicate", "frobnicate")]
    [InlineData(1, "--data needs a value", "up", "--data")]
    [InlineData(1, "unknown option --everything", "up", "--everything")]
    [InlineData(1, "invalid value '../..' for --instance", "down", "--instance", "../..")]
    public async Task Command_Wrong_SaysWhatAndFails(int exitCode, string says, params string[] arguments)
    {
        using var run = Run(arguments);

        Assert.Equal(exitCode, await run.EndAsync(TimeSpan.FromSeconds(30)));
        Assert.Contains(says, run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_WithAnSdk_IsReady()
    {
        using var run = Run("doctor");

        Assert.True(await run.EndAsync(TimeSpan.FromSeconds(60)) == 0, run.Output);
        Assert.Contains("ok       SDK", run.Output, StringComparison.Ordinal);
        Assert.Contains($"port {_ports[0]}", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_RedisThatMayLoseThings_SaysWhy()
    {
        await using var redis = await RedisServer.StartNewAsync();
        Assert.Equal("+OK", await redis.AskAsync("CONFIG SET maxmemory-policy allkeys-lru"));
        Assert.Equal("+OK", await redis.AskAsync("CONFIG SET requirepass secret"));

        foreach (var server in (string[])[$"{redis.ConnectionString},password=secret", $"redis://:secret@{redis.ConnectionString}/0"])
        {
            using var run = new ScriptRun(new Dictionary<string, string> { ["ConnectionStrings__redis"] = server }, ["doctor"]);
            await run.EndAsync(TimeSpan.FromSeconds(60));

            Assert.Contains("set maxmemory-policy noeviction, not allkeys-lru", run.Output, StringComparison.Ordinal);
            Assert.DoesNotContain("appendonly", run.Output, StringComparison.Ordinal);
            Assert.DoesNotContain("secret", run.Output, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("redis://operator:p%40ss%2Cw%C3%B6rd@{0}/3?x=1", "-h {1} -p {2} --user operator -n 3", "p@ss,wörd")]
    [InlineData("rediss://:secret@[::1]:7/", "--tls -h ::1 -p 7", "secret")]
    [InlineData("redis://operator@host", "-h host --user operator", "")]
    [InlineData("{0},user=operator,password=secret", "-h {1} -p {2} --user operator", "secret")]
    public async Task Doctor_RedisWithAPassword_IsNoArgumentOfAnyProgram(string server, string arguments, string password)
    {
        using var folder = new TemporaryFolder();
        var (host, port) = ("127.0.0.1", "6379");
        // It tells what it was given, in place of what a server answers.
        Directory.CreateDirectory(folder.Path);
        var client = Path.Combine(folder.Path, "valkey-cli");
        await File.WriteAllTextAsync(client, $"#!/bin/bash\nprintf '%s\\n' \"$*\" \"$REDISCLI_AUTH\" > '{folder.Path}/given'\n", TestContext.Current.CancellationToken);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(client, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }

        using var run = new ScriptRun(
            new Dictionary<string, string>
            {
                ["ConnectionStrings__redis"] = string.Format(CultureInfo.InvariantCulture, server, $"{host}:{port}"),
                ["PATH"] = $"{folder.Path}:{Environment.GetEnvironmentVariable("PATH")}",
            },
            ["doctor"]);
        await run.EndAsync(TimeSpan.FromSeconds(60));

        Assert.Equal(
            [$"--no-auth-warning {string.Format(CultureInfo.InvariantCulture, arguments, "", host, port)} INFO all", password],
            await File.ReadAllLinesAsync(Path.Combine(folder.Path, "given"), TestContext.Current.CancellationToken));
        Assert.DoesNotContain(password.Length > 0 ? password : "no password", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_WithoutAHome_SaysWhatDotnetSays()
    {
        using var run = new ScriptRun(new Dictionary<string, string> { ["HOME"] = "/proc/none" }, ["doctor"]);

        Assert.Equal(1, await run.EndAsync(TimeSpan.FromSeconds(60)));
        Assert.Contains("home directory could not be determined", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Up_PortInUse_SaysWhichAndHowToChooseAnother()
    {
        using var holder = new TcpListener(IPAddress.Loopback, 0);
        holder.Start();
        _ports[1] = ((IPEndPoint)holder.LocalEndpoint).Port;
        using var run = Run("up", "--no-docker", "--no-build", "--data", _data);

        Assert.Equal(1, await run.EndAsync(TimeSpan.FromSeconds(60)));
        Assert.Contains($"port {_ports[1]} is in use", run.Output, StringComparison.Ordinal);
        Assert.Contains("MACHINES_PORT=", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("DOCKER_HOST", "tcp://127.0.0.1:1", "DOCKER_HOST: no engine answers at tcp://127.0.0.1:1")]
    [InlineData("DOCKER_HOST", "ssh://nowhere", "DOCKER_HOST: 'ssh://nowhere' must be")]
    [InlineData("DOCKER_HOST", "/var/run/docker.sock", "DOCKER_HOST: '/var/run/docker.sock' must be")]
    [InlineData("Docker__Host", "unix:///nowhere/docker.sock", "DOCKER_HOST: no engine answers at unix:///nowhere/docker.sock")]
    public async Task Up_NamedEngineDoesNotAnswer_StopsWithOneLine(string variable, string value, string says)
    {
        if (says.Contains("no engine answers", StringComparison.Ordinal))
        {
            // Without the docker command the script leaves it to the API, which says it in its own words and after other lines.
            Components.RequireEngineSocket();
        }

        using var run = RunWith(new() { [variable] = value }, "up", "--no-build", "--data", _data);

        Assert.Equal(1, await run.EndAsync(TimeSpan.FromSeconds(60)));
        Assert.Contains(says, Assert.Single(run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ASPNETCORE_ENVIRONMENT", "Production")]
    [InlineData("NODE_ENV", "production")]
    public async Task Up_ProductionWithoutIsolation_Refuses(string variable, string value)
    {
        using var run = RunWith(new() { [variable] = value }, "up", "--no-docker", "--no-build", "--data", _data);

        Assert.Equal(1, await run.EndAsync(TimeSpan.FromSeconds(60)));
        Assert.Contains("without isolation", Assert.Single(run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Up_WithoutDocker_ServesUntilSigtermThenDownRemovesAll()
    {
        Components.RequireLinux();
        // What these tests were built with is there, built the way that `up` builds it.
        string[] build = AppContext.BaseDirectory.Contains("/Release/", StringComparison.Ordinal) ? ["--no-build"] : [];
        using (var up = Run(["up", "--no-docker", .. build, "--data", _data, "--", "--Runners:MinIdle=1", "--Machines:MinIdle=0"]))
        {
            await up.SaysAsync("Orchestrator is ready", TimeSpan.FromMinutes(5));
            Assert.Contains("NOT isolated", up.Output, StringComparison.Ordinal);
            foreach (var port in _ports)
            {
                Assert.Contains($":{port}", up.Output, StringComparison.Ordinal);
            }

            using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{_ports[0]}") };
            using var answer = await client.PostAsync("/api/runner/provision", null, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.Created, answer.StatusCode);

            using var second = Run("up", "--no-docker", "--no-build", "--data", _data);
            Assert.Equal(1, await second.EndAsync(TimeSpan.FromSeconds(60)));
            Assert.Contains($"(process {up.ProcessId})", second.Output, StringComparison.Ordinal);

            up.Terminate();
            Assert.Equal(0, await up.EndAsync(TimeSpan.FromSeconds(20)));
        }

        // The leased runner lives on, for the next start to take over.
        var runners = RunnerProcesses();
        Assert.NotEmpty(runners);
        using var down = Run("down", "--data", _data, "--instance", $"port-{_ports[0]}", "--purge");
        Assert.True(await down.EndAsync(TimeSpan.FromSeconds(60)) == 0, down.Output);
        Assert.False(Directory.Exists(_data));
        Assert.All(runners, pid => Assert.False(IsAlive(pid), $"Runner process {pid} is left."));
    }

    [Fact]
    public async Task UpAll_WithoutDocker_ServesWithWorkersUntilDownStopsIt()
    {
        Components.RequireLinux();
        string[] build = AppContext.BaseDirectory.Contains("/Release/", StringComparison.Ordinal) ? ["--no-build"] : [];
        using var up = Run(["up", "--all", "--no-docker", .. build, "--data", _data, "--", "--Runners:MinIdle=0", "--Machines:MinIdle=0"]);
        await up.SaysAsync("Distributed application started", TimeSpan.FromMinutes(5));
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{_ports[0]}") };
        await Eventually.TrueAsync(async () => await AnswersAsync(client, "/ready"), TimeSpan.FromMinutes(2), "The readiness of the API");
        using var answer = await client.PostAsync("/api/runner/provision", null, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        var runners = RunnerProcesses();
        Assert.NotEmpty(runners);

        using var down = Run("down", "--data", _data, "--instance", $"port-{_ports[0]}", "--purge");

        Assert.True(await down.EndAsync(TimeSpan.FromMinutes(2)) == 0, down.Output);
        Assert.Equal(0, await up.EndAsync(TimeSpan.FromSeconds(20)));
        Assert.False(Directory.Exists(_data));
        Assert.All(runners, pid => Assert.False(IsAlive(pid), $"Runner process {pid} is left."));
    }

    public void Dispose()
    {
        foreach (var pid in RunnerProcesses().Where(IsAlive))
        {
            Process.GetProcessById(pid).Kill(entireProcessTree: true);
        }

        Directory.Delete(Path.GetDirectoryName(_data)!, recursive: true);
    }

    private ScriptRun Run(params string[] arguments) => RunWith([], arguments);

    private ScriptRun RunWith(Dictionary<string, string> environment, params string[] arguments) => new(
        new Dictionary<string, string>(environment)
        {
            ["PORT"] = _ports[0].ToString(CultureInfo.InvariantCulture),
            ["MACHINES_PORT"] = _ports[1].ToString(CultureInfo.InvariantCulture),
            ["POD_PORT"] = _ports[2].ToString(CultureInfo.InvariantCulture),
            ["PROMETHEUS_PORT"] = "0",
            ["GRAFANA_PORT"] = "0",
            ["DASHBOARD_PORT"] = "28888",
        },
        arguments);

    private static async Task<bool> AnswersAsync(HttpClient client, string path)
    {
        try
        {
            using var answer = await client.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private int[] RunnerProcesses()
    {
        var folder = Path.Combine(_data, "runners");
        return !Directory.Exists(folder) ? [] :
        [
            .. Directory.EnumerateFiles(folder, "stat", SearchOption.AllDirectories)
                .Select(file => int.Parse(File.ReadAllText(file).Split(' ')[0], CultureInfo.InvariantCulture)),
        ];
    }

    private static bool IsAlive(int pid) =>
        File.Exists($"/proc/{pid}/stat") && File.ReadAllText($"/proc/{pid}/stat").Split(") ")[^1][0] is not 'Z';

    private static int[] FreePorts(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToArray();
        foreach (var listener in listeners)
        {
            listener.Start();
        }

        var ports = listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port).ToArray();
        foreach (var listener in listeners)
        {
            listener.Dispose();
        }

        return ports;
    }
}
