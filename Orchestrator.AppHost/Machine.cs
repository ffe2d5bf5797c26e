using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using static Orchestrator.AppHost.Composition;

namespace Orchestrator.AppHost;

/// <summary>The capabilities of this machine.</summary>
/// <param name="RunsContainers">Whether the third-party parts run as containers.</param>
/// <param name="Engine">The runner engine that is set for the API; null leaves the choice to the API.</param>
/// <param name="BuildsRunnerImage">Whether an engine can build the runners' image.</param>
internal sealed record Machine(bool RunsContainers, string? Engine, bool BuildsRunnerImage)
{
    private const string Socket = "/var/run/docker.sock";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Probes this machine, within ten seconds. <c>Parts=containers</c> or <c>Parts=executables</c> decides how parts run;
    /// otherwise they run as containers if an engine answers that has, or can pull, each image.
    /// </summary>
    /// <exception cref="LaunchException"><c>Parts</c> is invalid.</exception>
    public static async Task<Machine> LookAtAsync(IDistributedApplicationBuilder builder)
    {
        if (!builder.ExecutionContext.IsRunMode)
        {
            return new Machine(true, null, false);
        }

        var runtime = builder.Configuration["ASPIRE_CONTAINER_RUNTIME"] is { Length: > 0 } named ? named : "docker";
        var answers = await SucceedsAsync(runtime, "version");
        var without = builder.Configuration["Parts"] switch
        {
            null or "" or "auto" => answers ? await MissingImageAsync(runtime) : $"no container engine answers ({runtime} version)",
            "containers" => null,
            "executables" => "Parts=executables",
            var other => throw new LaunchException($"Invalid value '{other}' for Parts: must be auto, containers or executables."),
        };
        if (without is not null)
        {
            CommandLine.Say($"Redis and Prometheus run as local programs: {without}");
        }

        // The image is built with the docker command, whatever runs the parts.
        var builds = runtime == "docker" ? answers : await SucceedsAsync("docker", "version");
        // A configured DOCKER_HOST is left to the API, which fails when nothing answers there.
        var docker = builder.Configuration[Variables.DockerHost] is { Length: > 0 } || (runtime == "docker" && answers) || await AnswersAsync(Socket);
        var engine = builder.Configuration["Engine"] is { Length: > 0 } chosen ? chosen : docker ? null : "process";
        if (engine == "process")
        {
            CommandLine.Say($"runners are local processes, NOT isolated from this machine or one another{(docker ? "" : ": no Docker answers")}");
        }

        return new Machine(without is null, engine, builds && engine is null or "docker" && !OperatingSystem.IsWindows());
    }

    /// <summary>The path of the first of some programs on the <c>PATH</c>; null for none.</summary>
    public static string? Find(params string[] programs) => programs
        .SelectMany(program => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, program)))
        .FirstOrDefault(File.Exists);

    private static async Task<string?> MissingImageAsync(string runtime)
    {
        var there = await Task.WhenAll(Images.All.Select(async image =>
            await SucceedsAsync(runtime, "image", "inspect", image) || await SucceedsAsync(runtime, "manifest", "inspect", image)));
        var missing = Images.All.Where((_, index) => !there[index]).ToList();
        return missing.Count == 0 ? null : $"not on the engine, and no registry answers: {string.Join(", ", missing)}";
    }

    private static async Task<bool> SucceedsAsync(string program, params string[] arguments)
    {
        using var limit = new CancellationTokenSource(Limit);
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true },
        };
        try
        {
            process.Start();
            process.StandardInput.Close();
            await Task.WhenAll(process.StandardOutput.ReadToEndAsync(limit.Token), process.StandardError.ReadToEndAsync(limit.Token), process.WaitForExitAsync(limit.Token));
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false; // not installed
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            return false;
        }
    }

    private static async Task<bool> AnswersAsync(string socket)
    {
        using var client = new HttpClient(new SocketsHttpHandler { ConnectCallback = (_, stop) => ConnectAsync(socket, stop) }) { Timeout = Limit };
        try
        {
            using var answer = await client.GetAsync(new Uri("http://engine/_ping"));
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }

    private static async ValueTask<Stream> ConnectAsync(string socket, CancellationToken stop)
    {
        var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), stop);
            return new NetworkStream(connection, ownsSocket: true);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }
}
