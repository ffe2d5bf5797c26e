using Orchestrator.Guest.Images;
using Orchestrator.Guest.Serving;
using Orchestrator.Guest.Supervision;

namespace Orchestrator.Guest;

/// <summary>The program inside a runner, in six roles.</summary>
/// <remarks>
/// <c>serve</c> is the container's main process and answers HTTP; it holds no capability, so it cannot become another
/// user. <c>agent</c> runs beside it as the user of the code, started by the orchestrator through the engine.
/// <c>bridge</c> joins its standard streams with the server's port, for a runner that no network reaches. <c>supervise</c> runs
/// one command for a caller at its standard streams. <c>install</c> puts the program where images that are not ours find it, and
/// <c>start</c> becomes such an image's own program. No role loads code that only another needs: a caller waits for each start.
/// </remarks>
internal static class GuestProgram
{
    private const int WrongUsage = 64;

    private static int Main(string[] args)
    {
        if (!OperatingSystem.IsLinux())
        {
            Console.Error.WriteLine("Orchestrator.Guest runs code on Linux only (in a container, or under WSL).");
            return 1;
        }

        return args switch
        {
            [] or ["serve"] => RunnerServer.Run(sameUser: false),
            ["serve", "--same-user"] => RunnerServer.Run(sameUser: true),
            ["agent"] => Agent.Run(),
            ["bridge"] => Bridge.Run(),
            ["supervise"] => Supervise(),
            ["install", var folder] => Installation.Into(folder),
            ["start", _, ..] => StartCommand.Become(args[1..]),
            _ => Usage(),
        };
    }

    private static int Supervise()
    {
        const int StandardInput = 0;
        const int StandardOutput = 1;
        return new Supervisor(new AgentChannel(StandardInput, StandardOutput)).Run() ? 0 : 1;
    }

    private static int Usage()
    {
        Console.Error.WriteLine("Usage: Orchestrator.Guest [serve [--same-user] | agent | bridge | supervise | install FOLDER | start PROGRAM…]");
        return WrongUsage;
    }
}
