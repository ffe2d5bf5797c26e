using System.Globalization;
using System.Net.Sockets;
using Docker.DotNet;

namespace Orchestrator.Tests.Infrastructure;

/// <summary>
/// What tests ask the machine for. Where a component is missing, the test that asks is skipped; with
/// <c>ORCHESTRATOR_REQUIRE_COMPONENTS=1</c>, as in CI, it fails. The components that a test asked for are attached to its
/// result, so that <c>./orchestrator test --asking</c> finds the test again.
/// </summary>
internal static class Components
{
    /// <summary>The usual socket of the engine; tests put relays in front of it.</summary>
    public const string EngineSocket = "/var/run/docker.sock";

    // The script looks for it in the report.
    private const string Attachment = "components";

    private static readonly AsyncLocal<ICollection<Component>?> AskedByFixture = new();

    /// <summary>The path of an installed program, or of another one that provides the same component.</summary>
    /// <exception cref="InvalidOperationException">No component lists the program.</exception>
    public static string Require(string program)
    {
        var component = Component.Of(program);
        Ask(component);
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        var path = component.Programs.SelectMany(_ => folders, (name, folder) => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
        if (path is null)
        {
            Missing(component, $"{program} is not on the PATH");
        }

        return path!;
    }

    /// <summary>Asks for an engine that answers this client.</summary>
    public static async Task RequireEngineAsync(DockerClient client)
    {
        Ask(Component.Engine);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        try
        {
            await client.System.PingAsync(limit.Token);
        }
        catch (Exception error) when (error is HttpRequestException or OperationCanceledException or TimeoutException)
        {
            Missing(IsRefused(error) ? Component.EngineAccess : Component.Engine, error.Message.TrimEnd('.'));
        }
    }

    /// <summary>Asks for an engine at its usual socket.</summary>
    public static void RequireEngineSocket()
    {
        Ask(Component.Engine);
        if (!File.Exists(EngineSocket))
        {
            Missing(Component.Engine, $"no socket at {EngineSocket}");
        }
    }

    /// <summary>Asks for so many open files at a time, in this process.</summary>
    public static void RequireOpenFiles(int count)
    {
        const string Limits = "/proc/self/limits";
        // "Max open files            1024                 1048576              files"; .NET raises the first to the second.
        var line = File.Exists(Limits) ? File.ReadLines(Limits).FirstOrDefault(line => line.StartsWith("Max open files", StringComparison.Ordinal)) : null;
        if (long.TryParse(line?.Split(' ', StringSplitOptions.RemoveEmptyEntries)[4], CultureInfo.InvariantCulture, out var limit) && limit < count)
        {
            Missing(Component.OpenFiles, $"the limit is {limit} and {count} are needed");
        }
    }

    /// <summary>Asks for the program that runs code of a language.</summary>
    public static void RequireLanguage(string language)
    {
        switch (language)
        {
            case "python":
                Require("python3");
                break;
            case "javascript":
                Require("node");
                break;
        }
    }

    /// <summary>Asks to start programs beside this process; <see cref="Subprocess"/> does so by itself.</summary>
    public static void RequireSubprocesses() => Ask(Component.Subprocesses);

    /// <summary>Asks for Linux, which the process engine needs.</summary>
    public static void RequireLinux()
    {
        if (!OperatingSystem.IsLinux())
        {
            Missing(Component.Linux, "this is another system");
        }
    }

    /// <summary>Skips the test, or fails it where nothing may be missing.</summary>
    /// <param name="component">What is missing; the table of skipped tests counts by it.</param>
    /// <param name="why">What shows that it is missing, without a full stop.</param>
    public static void Missing(Component component, string why)
    {
        Ask(component);
        Missing(component.Reason(why));
    }

    /// <summary>The same for what is not a component.</summary>
    public static void Missing(string why)
    {
        if (Environment.GetEnvironmentVariable("ORCHESTRATOR_REQUIRE_COMPONENTS") == "1")
        {
            Assert.Fail(why);
        }

        Assert.Skip(why);
    }

    /// <summary>Records what the calling asynchronous method asks for in a list of its fixture.</summary>
    public static void RecordIn(ICollection<Component> asked) => AskedByFixture.Value = asked;

    /// <summary>Attaches a component to the test that asks for it; in the quick lane, skips the test.</summary>
    public static void Ask(Component component)
    {
        if (AskedByFixture.Value is { } asked)
        {
            asked.Add(component);
        }
        else if (TestContext.Current is { Test: { } test } context)
        {
            lock (test)
            {
                var before = context.Attachments?.GetValueOrDefault(Attachment)?.AsString().Split(", ") ?? [];
                context.AddAttachment(Attachment, string.Join(", ", before.Append(component.Name).Distinct()), replaceExistingValue: true);
            }
        }

        Assert.SkipWhen(QuickLaneAttribute.IsOn, $"Not quick: it asks for {component.Name}.");
    }

    private static bool IsRefused(Exception? error)
    {
        while (error is not (null or SocketException { SocketErrorCode: SocketError.AccessDenied } or UnauthorizedAccessException))
        {
            error = error.InnerException;
        }

        return error is not null;
    }
}
